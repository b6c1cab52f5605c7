import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { packageFile } from './packages.ts'

export const scenarios: readonly Scenario[] = [{ name: 'the manual page of the package, as mandoc and man read it', run: manualPage }]

async function manualPage(room: Room): Promise<string> {
  await runProgram('dpkg-deb', ['--extract', await packageFile('current', 'deb'), room.path('tree')])
  const page = room.path('tree/usr/share/man/man1/logrelay.1.gz')
  // It ends with 0 when there is nothing to say.
  await runProgram('mandoc', ['-T', 'lint', '-W', 'warning', page])
  const { stdout, stderr } = await runProgram('man', ['--warnings', '-l', page], {
    env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
  })
  if (stderr.length > 0) throw new Error(stderr.toString())
  const text = stdout.toString()
  for (const wanted of ['logrelay doctor', '--config', '/etc/logrelay/logrelay.yaml', 'LOGRELAY_CACHE_DIR']) {
    if (!text.includes(wanted)) throw new Error(`the page does not show ${wanted}`)
  }
  return `${text.split('\n').length} lines, no warning`
}
