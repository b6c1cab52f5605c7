/** Field sets of the Elastic Common Schema 8: at the top of a document these names are objects, and a store that knows the schema refuses anything else there. */
export const ecsObjects: ReadonlySet<string> = new Set([
  ...['agent', 'as', 'aws', 'client', 'cloud', 'code_signature', 'container', 'data_stream', 'destination', 'device', 'dll', 'dns'],
  ...['ecs', 'elf', 'email', 'error', 'event', 'faas', 'file', 'geo', 'group', 'hash', 'host', 'http', 'interface', 'labels', 'log'],
  ...['macho', 'network', 'observer', 'orchestrator', 'organization', 'os', 'package', 'pe', 'process', 'registry', 'related', 'risk'],
  ...['rule', 'server', 'service', 'source', 'span', 'threat', 'tls', 'trace', 'transaction', 'url', 'user', 'user_agent', 'vlan'],
  ...['volume', 'vulnerability', 'x509'],
])

/** Names that Elasticsearch and OpenSearch keep for themselves at the top of a document: one that has them is refused. */
export const metadataFields: ReadonlySet<string> = new Set([
  ...['_id', '_index', '_source', '_type', '_routing', '_field_names', '_ignored', '_ignored_source', '_doc_count', '_nested_path'],
  ...['_size', '_seq_no', '_primary_term', '_version', '_tier', '_tsid', '_data_stream_timestamp', '_parent', '_uid', '_all'],
])
