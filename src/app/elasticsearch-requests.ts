import { RelayError } from '../core/errors.ts'
import { errorWords, isObject, parseJson, readAnswerError } from '../sinks/elasticsearch/cluster-error.ts'
import type { SetupRequest } from '../sinks/elasticsearch/setup-requests.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from '../sinks/http/http-client.ts'
import { statusError } from '../sinks/http/http-status.ts'

/** Makes a request and throws what an answer that is no success says: ENDPOINT_AUTH, ENDPOINT_BUSY, ENDPOINT_REFUSED. */
export async function ask(client: HttpClient, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const answer = await client.request(request, signal)
  const { kind, error } = statusError(answer, client.name)
  if (kind === 'ok') return answer
  throw failed(client, request, answer, error)
}

/** Puts what the request says, in place of what is there. `version`: the query that names it, where it must be named. */
export async function install(client: HttpClient, { path, body }: SetupRequest, version: string, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await ask(client, { method: 'PUT', path: path + version, headers, body: Buffer.from(JSON.stringify(body)) }, signal)
}

/** Whether the server knows no such API: the plugin that has it is missing. */
export async function hasNoHandler(client: HttpClient, path: string, signal: AbortSignal): Promise<boolean> {
  const { status, body } = await client.request({ method: 'GET', path }, signal)
  return status === 400 && (readAnswerError(body)?.reason.startsWith('no handler found') ?? false)
}

/** `?if_seq_no=…` of the policy that is there; empty without one. */
export async function policyVersion(client: HttpClient, path: string, signal: AbortSignal): Promise<string> {
  const request: HttpRequest = { method: 'GET', path }
  const answer = await client.request(request, signal)
  if (answer.status === 404) return ''
  if (answer.status !== 200) throw failed(client, request, answer, statusError(answer, client.name).error)
  const found = parseJson(answer.body)
  const [seqNo, term] = isObject(found) ? [found._seq_no, found._primary_term] : []
  if (typeof seqNo !== 'number' || typeof term !== 'number') {
    throw new RelayError('ENDPOINT_REFUSED', `${client.name} does not say which version of ${path} it has`)
  }
  return `?if_seq_no=${seqNo}&if_primary_term=${term}`
}

const privileges =
  'Elasticsearch: the cluster privileges monitor, manage_index_templates and manage_ilm; OpenSearch: cluster_monitor, cluster_manage_index_templates and cluster:admin/opendistro/ism/*'

function failed({ name }: HttpClient, { method, path }: HttpRequest, answer: HttpAnswer, error: RelayError): RelayError {
  const said = readAnswerError(answer.body)
  const message = `${method} ${path} at ${name} was answered ${answer.status}${said === undefined ? '' : `: ${errorWords(said)}`}`
  if (answer.status === 403)
    return new RelayError('ENDPOINT_AUTH', message, { hint: `The user or API key of the sink needs ${privileges}.` })
  if (said === undefined || error.code === 'ENDPOINT_AUTH') return error
  const code = error.code === 'DOCUMENT_REFUSED' ? 'ENDPOINT_REFUSED' : error.code
  return new RelayError(code, message, { hint: error.hint })
}
