import type { SecureContextOptions } from 'node:tls'
import type { Component } from '../core/component.ts'

/** What a `tls.Server` is made from. Only `cert`, `key` and `ca` differ from one reload to the next. */
export interface ServerTlsOptions extends SecureContextOptions {
  /** Ask clients for a certificate (mutual TLS). */
  readonly requestCert: boolean
  /** Refuse clients without a certificate; one that does not verify is refused whenever `requestCert` is set. */
  readonly rejectUnauthorized: boolean
}

/** The certificate that sources show, which may change while they run. Shared by all sources that are configured alike. */
export interface ServerTls extends Component {
  /** What the next handshake is to use. Throws before `start`. */
  options(): ServerTlsOptions
  /** Calls the listener after each change of `options()`; returns the function that ends it. */
  onChange(listener: () => void): () => void
  /** Reads the files again now (SIGHUP). Never rejects: bad files keep the material in use and are logged. */
  reload(): Promise<void>
}
