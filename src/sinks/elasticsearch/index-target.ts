import { elasticsearchSinkSchema } from '../../config/elasticsearch-schema.ts'
import type { ElasticsearchSinkConfig } from '../../config/schema.ts'
import type { DataStream } from '../../syslog/document.ts'
import { dataStreamName, fillDataStream, type IndexNames, indexNamer } from '../../syslog/index-name.ts'

/** Where the documents of a pipeline go. */
export interface IndexTarget {
  /** The name alone where it is the same for all of them. */
  readonly index: string | ((receivedAtMs: number) => string)
  readonly dataStream: DataStream | undefined
}

/** Of a sink that names neither a data stream nor an index. */
const usualDataStream = elasticsearchSinkSchema.shape.data_stream.parse({}) as DataStream

/** The patterns of a sink's data stream, as configured; undefined where it writes to an index. */
export function dataStreamPatterns({ data_stream, index }: ElasticsearchSinkConfig): DataStream | undefined {
  return data_stream ?? (index === undefined ? usualDataStream : undefined)
}

export function indexTarget(sink: ElasticsearchSinkConfig, names: IndexNames): IndexTarget {
  const patterns = dataStreamPatterns(sink)
  if (patterns === undefined) return { index: indexNamer(sink.index as string, names), dataStream: undefined }
  const dataStream = fillDataStream(patterns, names)
  return { index: dataStreamName(dataStream), dataStream }
}
