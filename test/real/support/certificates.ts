import { writeFile } from 'node:fs/promises'
import { runProgram } from './program.ts'
import type { Room } from './room.ts'

export interface Pair {
  readonly certFile: string
  readonly keyFile: string
}

/** An authority made by openssl for one scenario, and what it signs. */
export class Authority {
  readonly caFile: string
  readonly #room: Room
  readonly #name: string

  private constructor(room: Room, name: string) {
    this.#room = room
    this.#name = name
    this.caFile = room.path(`${name}.pem`)
  }

  static async create(room: Room, name = 'ca'): Promise<Authority> {
    const authority = new Authority(room, name)
    await openssl(room, [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=Test authority ${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
    ])
    return authority
  }

  /** A certificate for a server or client of that DNS name, also valid for 127.0.0.1. */
  async sign(name: string): Promise<Pair> {
    const room = this.#room
    await writeFile(
      room.path(`${name}.ext`),
      `subjectAltName=DNS:${name},IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:false\n`,
    )
    await openssl(room, [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`],
    ])
    await openssl(room, [
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', this.caFile, '-CAkey', `${this.#name}.key`, '-CAcreateserial'],
      ...['-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
    ])
    return { certFile: room.path(`${name}.pem`), keyFile: room.path(`${name}.key`) }
  }
}

async function openssl(room: Room, args: readonly string[]): Promise<void> {
  await runProgram('openssl', args, { cwd: room.dir })
}
