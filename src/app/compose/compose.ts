import { listens } from '../../config/listening.ts'
import type { Config, PipelineConfig, SinkConfig } from '../../config/schema.ts'
import { Forwarder } from '../../delivery/forwarder.ts'
import { Pipeline, type PipelineParts } from '../../pipeline/pipeline.ts'
import type { PipelineSpec } from '../../pipeline/supervisor.ts'
import { LevelQueue } from '../../queue/level-queue.ts'
import { tlsConfigOf } from '../certificates.ts'
import { queueDirectory } from '../paths.ts'
import { backoffOf, buildSink, lanesOf } from './build-sink.ts'
import { buildSource } from './build-source.ts'
import type { Surroundings } from './surroundings.ts'

/*
 * The files of this directory are the only ones that name concrete classes.
 */

/** The configuration as pipelines to be built. The identity holds everything that a pipeline depends on: nothing else restarts it. */
export function pipelineSpecs(config: Config, surroundings: Surroundings): PipelineSpec[] {
  return Object.entries(config.pipelines).map(([name, pipeline]) => {
    const { source } = pipeline
    const tls = listens(source) && source.transports.includes('tls') ? tlsConfigOf(config, { ...pipeline, source }) : undefined
    const sinks = pipeline.sinks.map((sink) => [sink, config.sinks[sink]])
    return {
      name,
      identity: JSON.stringify([pipeline, sinks, tls, config.min_free_disk, config.data_dir]),
      build: () => buildPipeline(config, name, pipeline, surroundings),
    }
  })
}

function buildPipeline(config: Config, name: string, pipeline: PipelineConfig, surroundings: Surroundings): Pipeline {
  const logger = surroundings.logger.child({ pipeline: name })
  const queue = new LevelQueue(
    {
      directory: queueDirectory(config.data_dir, name),
      config: pipeline.queue,
      minFreeDisk: config.min_free_disk,
      sinks: pipeline.sinks,
      pipeline: name,
      deadLetterLimits: deadLetterLimits(config, pipeline),
    },
    { logger },
  )
  const source = buildSource(config, pipeline, { pipelineName: name, intake: queue, logger, surroundings })
  const deliveries: PipelineParts['deliveries'] = new Map(
    pipeline.sinks.map((sinkName) => {
      const sinkConfig = config.sinks[sinkName] as SinkConfig
      const sinkLogger = logger.child({ sink: sinkName })
      const sink = buildSink(sinkConfig, { config, pipelineName: name, pipeline, logger: sinkLogger })
      const delivery = new Forwarder({
        pipelineName: name,
        sinkName,
        sinkType: sinkConfig.type,
        reader: queue.reader(sinkName),
        sink,
        backoff: backoffOf(sinkConfig),
        maxBatchBytes: sinkConfig.max_batch_size,
        lanes: lanesOf(sinkConfig),
        queued: () => queue.ledger().sinks[sinkName]?.queued ?? 0,
        logger: sinkLogger,
      })
      return [sinkName, { sink, delivery }]
    }),
  )
  return new Pipeline({ name, device: pipeline.source.device, foundations: [], source, queue, deliveries, logger })
}

function deadLetterLimits({ sinks }: Config, pipeline: PipelineConfig): Record<string, { count: number; bytes: number }> {
  const limits = pipeline.sinks.map((name) => [name, (sinks[name] as SinkConfig).dead_letters] as const)
  return Object.fromEntries(limits.map(([name, { max_messages, max_size }]) => [name, { count: max_messages, bytes: max_size }]))
}
