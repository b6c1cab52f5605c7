import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { minioUserArchive, type S3User } from '../servers/s3/minio-users.ts'
import { freePort } from './free-port.ts'
import { httpGet } from './http-get.ts'
import { Program, runProgram } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

const installer = fileURLToPath(new URL('../servers/s3/install.sh', import.meta.url))

export interface S3ServerOptions {
  readonly name?: string
  readonly region?: string
}

/**
 * A real S3 server on 127.0.0.1: MinIO with one directory of the room as its only drive. Buckets are addressed by path.
 *
 * Where it is not like S3: `LastModified` has milliseconds in lists; while there is a key `a`, the key `a/b` can be read but
 * no list shows it; keys with empty, `.` or `..` segments are refused; `If-Match` on a delete is ignored.
 */
export class S3Server {
  readonly port: number
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId = 'logrelay'
  readonly secretAccessKey = 'logrelay-secret'
  readonly #room: Room
  readonly #dir: string
  #program: Program | undefined

  private constructor(room: Room, port: number, options: S3ServerOptions) {
    this.#room = room
    this.port = port
    this.endpoint = `http://127.0.0.1:${port}`
    this.region = options.region ?? 'us-east-1'
    this.#dir = room.path(options.name ?? 's3')
  }

  /** Starts a server without buckets and waits until it answers; the room stops it at its end. */
  static async start(room: Room, options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(room, await freePort(), options)
    await mkdir(server.#dir)
    await server.restart()
    return server
  }

  /** A new life on the same port, with the same buckets and users. */
  async restart(): Promise<void> {
    const certificates = `${this.#dir}/certificates`
    const args = ['server', '--quiet', '--address', `127.0.0.1:${this.port}`, '--certs-dir', certificates, `${this.#dir}/data`]
    const program = await Program.start(this.#room, await executable(), args, { cwd: this.#dir, env: this.#environment() })
    this.#program = program
    await until('the S3 server to be ready', async () => {
      if (!program.alive) throw new Error(`the S3 server ended: ${program.output}`)
      return (await httpGet(this.port, '/minio/health/ready')).status === 200
    })
  }

  /** SIGKILL: connections are cut where they are. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }

  /** SIGSTOP makes a server that takes connections and answers nothing, until SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  /** A client with the rights of the owner unless other credentials are given; the room closes it at its end. */
  client(config: S3ClientConfig = {}): S3Client {
    const { endpoint, region, accessKeyId, secretAccessKey } = this
    const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey }, ...config })
    this.#room.closing(() => client.destroy())
    return client
  }

  /** Adds a user that may do only what it is allowed: anything else is answered with 403 AccessDenied. */
  async addUser(user: S3User): Promise<void> {
    // The admin API takes S3's signature, and by path its URL is that of an object.
    await this.client().send(new PutObjectCommand({ Bucket: 'minio', Key: 'admin/v3/import-iam', Body: minioUserArchive(user) }))
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      HOME: this.#dir,
      MINIO_ROOT_USER: this.accessKeyId,
      MINIO_ROOT_PASSWORD: this.secretAccessKey,
      MINIO_REGION: this.region,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    }
  }
}

/** LOGRELAY_S3_SERVER, or what the installer put into the cache (or puts there now). */
async function executable(): Promise<string> {
  return process.env.LOGRELAY_S3_SERVER ?? (await runProgram('bash', [installer])).stdout.toString().trim()
}
