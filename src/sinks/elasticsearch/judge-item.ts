import { RelayError } from '../../core/errors.ts'
import type { Verdict } from '../http/dialect.ts'
import { blockedError, isBlock } from './blocks.ts'
import { type ClusterError, errorWords, readClusterError, sharedWords } from './cluster-error.ts'

/** Errors that no change of the document would help: what is wrong is the cluster, or what the configuration says of it. */
const setupTypes = new Set([
  'index_not_found_exception',
  'index_closed_exception',
  'invalid_index_name_exception',
  'invalid_alias_name_exception',
  'index_template_missing_exception',
  'invalid_index_template_exception',
  'resource_not_found_exception',
  'resource_already_exists_exception',
  'routing_missing_exception',
  // `this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum shards open`
  'validation_exception',
  'policy_violation_exception',
])

const setupReasons =
  /^(?:pipeline with id \[[^\]]*\] does not exist|no write index is defined for alias|no matching (?:index|data stream) template|The provided expression|only write ops with an op_type of create|(?:index )?alias \[|request \[|unrecognized parameter|no handler found|Types cannot be provided|Incorrect HTTP method)/i

/** Of an ingest pipeline: older clusters say 500 where the pipeline cannot do with what is in the document. */
const documentTypes = new Set(['fail_processor_exception', 'ingest_processor_exception', 'grok_processor_exception', 'script_exception'])

/**
 * Exceptions of the JVM: what a processor of an ingest pipeline did not expect in a document (a grok pattern that takes too long is a
 * `runtime_exception`), or a mistake of the cluster. The status is 500 either way.
 */
const doubtfulTypes =
  /^(?:runtime|null_pointer|class_cast|date_time(?:_parse)?|arithmetic|(?:array_|string_)?index_out_of_bounds|illegal_state|unsupported_operation|no_such_element)_exception$/

/** Whether the cluster or the configuration is at fault, and the same document may do later. */
export function isSetupFault({ type, reason }: ClusterError): boolean {
  return setupTypes.has(type) || setupReasons.test(reason)
}

/** The fate of one document, from its item in the answer: `{ "status": 201 }` or `{ "status": 400, "error": { "type": … } }`. */
export function judgeItem(status: number, error: unknown): Verdict {
  if (status >= 200 && status < 300) return 'delivered'
  const said = readClusterError(error) ?? { type: '', reason: `status ${status}` }
  // Our ids name messages for ever: who has one has this message.
  if (status === 409 && (said.type === 'version_conflict_engine_exception' || said.type === '')) return 'delivered'
  if (isBlock(said, status)) return { retry: blockedError(said) }
  if (status === 429) return { retry: new RelayError('ENDPOINT_BUSY', errorWords(said)), busy: true }
  if (status === 401 || status === 403 || said.type === 'security_exception') return { retry: notAllowed(said) }
  if (isSetupFault(said)) return { retry: setupError(said) }
  const rejected = new RelayError('DOCUMENT_REFUSED', sharedWords(said))
  if (status < 500 || documentTypes.has(said.type)) return { rejected }
  const retry = new RelayError('ENDPOINT_REFUSED', errorWords(said))
  return status === 500 && doubtfulTypes.test(said.type) ? { retry, doubtful: rejected } : { retry }
}

export function setupError(said: ClusterError): RelayError {
  const hint = 'The cluster or the configuration of this sink has to be changed: look at data_stream, index and ingest_pipeline.'
  return new RelayError('ENDPOINT_REFUSED', errorWords(said), { hint })
}

function notAllowed(said: ClusterError): RelayError {
  const hint = 'Give the user or API key of this sink the privileges create_doc and auto_configure (OpenSearch: write, create_index) there.'
  return new RelayError('ENDPOINT_AUTH', errorWords(said), { hint })
}
