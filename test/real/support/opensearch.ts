import { cpSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import type { Authority } from './certificates.ts'
import { freePort } from './free-port.ts'
import { Program } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

// Where test/real/servers/opensearch/install.sh puts it; its pom.xml has the version.
const installed =
  process.env.LOGRELAY_OPENSEARCH ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'logrelay-opensearch-2.19.4')

const startMs = 60_000
const watermarks = { low: '300mb', high: '200mb', flood_stage: '100mb', enable_for_single_data_node: true }
// Without a leader it answers 503 instead of waiting for one.
const healthPath = '/_cluster/health?timeout=1s&cluster_manager_timeout=1s'

export interface OpenSearchOptions {
  /** Further settings of opensearch.yml, for every node. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** With an authority the nodes speak HTTPS with certificates that it signed, and want a password (user admin, password admin). */
  readonly authority?: Authority
  /** Further options of the virtual machine. It starts sooner with the fast compiler alone; a benchmark wants `-XX:TieredStopAtLevel=4`. */
  readonly java?: readonly string[]
}

export interface Answer<Body> {
  /** 0 while nobody listens, or when the node died before it had answered. */
  readonly status: number
  /** What its JSON says; the text where it is none. */
  readonly body: Body
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** A real OpenSearch node on 127.0.0.1, with its data in the room. */
export class OpenSearch {
  readonly port: number
  readonly url: string
  readonly #room: Room
  readonly #dir: string
  readonly #authority: Authority | undefined
  readonly #java: readonly string[]
  readonly #agent: Agent
  #program: Program | undefined

  private constructor(room: Room, name: string, port: number, { authority, java }: OpenSearchOptions) {
    this.port = port
    this.url = `${authority === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
    this.#room = room
    this.#dir = room.path(name)
    this.#authority = authority
    this.#java = java ?? []
    this.#agent = new Agent({ connections: 8, connect: authority === undefined ? {} : { ca: readFileSync(authority.caFile) } })
    room.closing(() => this.#agent.destroy())
  }

  /**
   * Starts so many nodes as one cluster and waits until all have joined. Of one or two nodes only the first can lead the cluster, so that
   * the other may be killed and writes go on; of three or more any one may be killed.
   */
  static async cluster(room: Room, nodes: number, options: OpenSearchOptions = {}): Promise<OpenSearch[]> {
    const names = Array.from({ length: nodes }, (_, i) => `opensearch-${i + 1}`)
    const leaders = nodes < 3 ? names.slice(0, 1) : names
    const transports = await Promise.all(names.map(() => freePort()))
    const cluster: OpenSearch[] = []
    for (const [i, name] of names.entries()) {
      const node = new OpenSearch(room, name, await freePort(), options)
      cluster.push(node)
      await node.#configure({
        'cluster.name': 'logrelay-real',
        'cluster.initial_cluster_manager_nodes': leaders,
        'node.name': name,
        'node.roles': leaders.includes(name) ? ['cluster_manager', 'data', 'ingest'] : ['data', 'ingest'],
        'transport.port': transports[i],
        'discovery.seed_hosts': transports.map((port) => `127.0.0.1:${port}`),
        // Its defaults are shares of the disk, which is not the test's alone, and leave a single node out.
        'cluster.routing.allocation.disk.watermark': watermarks,
        // The least it takes: how soon a node sees that the disk is full, or not any more.
        'cluster.info.update.interval': '10s',
        ...options.settings,
      })
    }
    await Promise.all(cluster.map((node) => node.#launch()))
    await cluster[0]?.health(`wait_for_nodes=${nodes}`)
    return cluster
  }

  /** SIGKILL, as the kernel sends it when memory runs out. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#program?.stop('SIGTERM')
  }

  /** SIGSTOP makes it a node that takes connections and does not answer. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  /** A new life with the same configuration and data. It has joined the cluster again when this returns. */
  async restart(): Promise<void> {
    await this.#launch()
  }

  async get<Body = unknown>(path: string): Promise<Answer<Body>> {
    return await this.request('GET', path)
  }

  /** Any request: a string is sent as lines of JSON, anything else as JSON. */
  async request<Body = unknown>(method: Method, path: string, body?: unknown): Promise<Answer<Body>> {
    const lines = typeof body === 'string'
    try {
      const response = await request(`${this.url}${path}`, {
        method,
        dispatcher: this.#agent,
        headers: {
          ...(body === undefined ? {} : { 'content-type': lines ? 'application/x-ndjson' : 'application/json' }),
          ...(this.#authority === undefined ? {} : { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }),
        },
        body: body === undefined || lines ? body : JSON.stringify(body),
      })
      const text = await response.body.text()
      const json = String(response.headers['content-type']).startsWith('application/json')
      return { status: response.statusCode, body: json ? JSON.parse(text) : text }
    } catch (error) {
      if (error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(String(error.code)))
        return { status: 0, body: undefined as Body }
      throw error
    }
  }

  /** The same, where nothing but success will do. */
  async demand<Body = unknown>(method: Method, path: string, body?: unknown): Promise<Body> {
    const answer = await this.request<Body>(method, path, body)
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)?.slice(0, 500)}`)
    return answer.body
  }

  /** Waits for the cluster: `wait_for_status=green`, `wait_for_nodes=2` and what else `_cluster/health` takes. */
  async health(query: string, timeoutMs = startMs): Promise<void> {
    let last = ''
    await until(
      () => `the cluster's health, ${query}; it is ${last}`,
      async () => {
        const { status, body } = await this.get(`${healthPath}&${query}`)
        last = `${status} ${JSON.stringify(body)}`
        return status === 200
      },
      timeoutMs,
    )
  }

  /** How many documents the index, data stream or pattern has, counting those that came a moment ago. */
  async count(index: string): Promise<number> {
    await this.demand('POST', `/${index}/_refresh`)
    return (await this.demand<{ count: number }>('GET', `/${index}/_count`)).count
  }

  /** The ids of all its documents, in no order. */
  async ids(index: string): Promise<string[]> {
    await this.demand('POST', `/${index}/_refresh`)
    const ids: string[] = []
    const asked = { size: 10_000, sort: ['_doc'], _source: false }
    let page = await this.demand<Page>('POST', `/${index}/_search?scroll=1m`, asked)
    while (page.hits.hits.length > 0) {
      for (const hit of page.hits.hits) ids.push(hit._id)
      page = await this.demand<Page>('POST', '/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })
    }
    await this.demand('DELETE', '/_search/scroll', { scroll_id: page._scroll_id })
    return ids
  }

  async #configure(settings: Record<string, unknown>): Promise<void> {
    const config = join(this.#dir, 'config')
    await mkdir(config, { recursive: true })
    await mkdir(join(this.#dir, 'tmp'))
    await copyFile(join(installed, 'config/log4j2.properties'), join(config, 'log4j2.properties'))
    const all = {
      ...settings,
      'network.host': '127.0.0.1',
      'http.port': this.port,
      'path.data': join(this.#dir, 'data'),
      'path.logs': join(this.#dir, 'logs'),
      ...(this.#authority === undefined ? {} : await secured(config, this.#authority, String(settings['node.name']))),
    }
    // JSON is YAML too.
    await writeFile(join(config, 'opensearch.yml'), JSON.stringify(all, null, 2))
  }

  async #launch(): Promise<void> {
    const program = await Program.start(this.#room, 'java', javaArguments(this.#dir, this.#authority !== undefined, this.#java))
    this.#program = program
    // Nothing it has is wanted after the room: it need not take its time.
    this.#room.closing(() => program.stop('SIGKILL'))
    await until(
      'OpenSearch to be a member of its cluster',
      async () => {
        if (!program.alive) throw new Error('OpenSearch ended instead of starting')
        return (await this.get(healthPath)).status === 200
      },
      startMs,
    )
  }
}

interface Page {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly { readonly _id: string }[] }
}

function javaArguments(dir: string, secure: boolean, options: readonly string[]): string[] {
  return [
    ...['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
    `-Djava.io.tmpdir=${join(dir, 'tmp')}`,
    // Through JNA the server finds out that it runs as root, as tests in a container do, and refuses. It needs JNA for nothing else here.
    ...['-Djna.nosys=true', '-Djna.nounpack=true'],
    ...['-Dlog4j2.disable.jmx=true', '-Dlog4j.shutdownHookEnabled=false'],
    ...['-Dopensearch.distribution.type=tar', '-Dopensearch.bundled_jdk=false'],
    `-Dopensearch.path.home=${secure ? join(installed, 'secure') : installed}`,
    `-Dopensearch.path.conf=${join(dir, 'config')}`,
    ...options,
    ...['-cp', join(installed, 'lib', '*'), 'org.opensearch.bootstrap.OpenSearch'],
  ]
}

/** Puts what the security plugin wants into the configuration's directory, the only one it may read, and returns the settings. */
async function secured(config: string, authority: Authority, name: string): Promise<Record<string, unknown>> {
  cpSync(join(installed, 'secure/plugins/opensearch-security/config'), join(config, 'opensearch-security'), { recursive: true })
  const { certFile, keyFile } = await authority.sign(name)
  const files = { 'node.pem': certFile, 'node.key': keyFile, 'ca.pem': authority.caFile }
  for (const [file, from] of Object.entries(files)) await copyFile(from, join(config, file))
  const pem = { pemcert_filepath: 'node.pem', pemkey_filepath: 'node.key', pemtrustedcas_filepath: 'ca.pem' }
  return {
    'plugins.security.ssl.http': { enabled: true, ...pem },
    'plugins.security.ssl.transport': { enforce_hostname_verification: false, ...pem },
    'plugins.security.nodes_dn': ['CN=opensearch-*'],
    'plugins.security.allow_default_init_securityindex': true,
    'plugins.security.restapi.roles_enabled': ['all_access'],
  }
}
