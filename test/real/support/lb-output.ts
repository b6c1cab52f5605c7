import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runProgram } from './program.ts'
import type { Room } from './room.ts'

const command = process.env.LOGRELAY ?? fileURLToPath(new URL('../../../bin/logrelay', import.meta.url))

/** Writes what `logrelay lb` prints into a file of the room, and returns its path. It has to print nothing else. */
export async function lbOutput(room: Room, target: string, args: readonly string[], change = (text: string) => text): Promise<string> {
  const { stdout, stderr } = await runProgram(command, ['lb', '--for', target, ...args])
  if (stderr.length > 0) throw new Error(`logrelay lb wrote to standard error: ${stderr}`)
  const file = room.path(`lb.${target}`)
  await writeFile(file, change(stdout.toString()))
  return file
}
