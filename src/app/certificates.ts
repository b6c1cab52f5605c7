import { type ListeningPipeline, listeningPipelines } from '../config/listening.ts'
import type { Config, ServerTlsConfig } from '../config/schema.ts'
import type { Component } from '../core/component.ts'
import type { Logger } from '../core/logger.ts'
import { CertificateFiles } from '../tls/certificate-files.ts'
import type { ServerTls } from '../tls/server-tls.ts'

/** The certificate settings that hold for a pipeline with ports: its own, or the relay's. */
export function tlsConfigOf(config: Config, pipeline: ListeningPipeline): ServerTlsConfig {
  return pipeline.source.tls ?? config.tls
}

/** The certificates of all sources: pipelines that are configured alike share one set of files, read and watched once. */
export class Certificates implements Component {
  readonly #logger: Logger
  readonly #files = new Map<string, CertificateFiles>()
  #config: Config

  constructor(config: Config, logger: Logger) {
    this.#config = config
    this.#logger = logger
  }

  async start(): Promise<void> {
    await this.adopt(this.#config)
  }

  async stop(): Promise<void> {
    for (const files of this.#files.values()) await files.stop()
    this.#files.clear()
  }

  /** Makes ready what this configuration needs; what it no longer needs stays until `release`. Rejects with TLS_MATERIAL. */
  async adopt(config: Config): Promise<void> {
    for (const tls of wanted(config)) {
      const key = JSON.stringify(tls)
      if (this.#files.has(key)) continue
      const files = new CertificateFiles(tls, { dataDir: config.data_dir, logger: this.#logger })
      await files.start()
      this.#files.set(key, files)
    }
    this.#config = config
  }

  /** Lets go of what the adopted configuration does not need; once no pipeline uses it any more. */
  async release(): Promise<void> {
    const needed = new Set(wanted(this.#config).map((tls) => JSON.stringify(tls)))
    for (const [key, files] of this.#files) {
      if (needed.has(key)) continue
      await files.stop()
      this.#files.delete(key)
    }
  }

  /** Reads all files again now. */
  async reload(): Promise<void> {
    for (const files of this.#files.values()) await files.reload()
  }

  /** For a source that speaks TLS; undefined for one that does not. */
  for(tls: ServerTlsConfig): ServerTls | undefined {
    return this.#files.get(JSON.stringify(tls))
  }
}

function wanted(config: Config): ServerTlsConfig[] {
  return listeningPipelines(config)
    .filter(([, { source }]) => source.transports.includes('tls'))
    .map(([, pipeline]) => tlsConfigOf(config, pipeline))
}
