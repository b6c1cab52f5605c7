import { effectivePort } from '../../config/effective-port.ts'
import { listens } from '../../config/listening.ts'
import type { Config, PipelineConfig } from '../../config/schema.ts'
import type { Intake } from '../../core/intake.ts'
import type { Logger } from '../../core/logger.ts'
import type { Source } from '../../core/source.ts'
import { ListeningSource } from '../../sources/listening-source.ts'
import { S3Source } from '../../sources/s3/s3-source.ts'
import { tlsConfigOf } from '../certificates.ts'
import { sourceStateDirectory } from '../paths.ts'
import type { Surroundings } from './surroundings.ts'

export interface SourceContext {
  readonly pipelineName: string
  readonly intake: Intake
  /** Carries `pipeline`. */
  readonly logger: Logger
  readonly surroundings: Surroundings
}

export function buildSource(config: Config, pipeline: PipelineConfig, context: SourceContext): Source {
  const { source } = pipeline
  const { intake, logger, surroundings, pipelineName } = context
  if (!listens(source)) {
    return new S3Source(source, { intake, logger, pipelineName, stateDirectory: sourceStateDirectory(config.data_dir, pipelineName) })
  }
  const tls = surroundings.certificates.for(tlsConfigOf(config, { ...pipeline, source }))
  const { budget, udpPorts } = surroundings
  return new ListeningSource({ ...source, port: effectivePort(source) }, { intake, logger, tls, budget, udpPorts })
}
