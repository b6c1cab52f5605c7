/** What the receiver thread is started with. */
export interface ThreadData {
  readonly ring: SharedArrayBuffer
  /** An eventfd that becomes readable with each `Command`, and when the ring has room again. */
  readonly wakeFd: number
}

/** To the thread. */
export type Command =
  /** `roomy`: its buffer lasts for a while, so that it need not be read all the time. */
  | { readonly type: 'read'; readonly socket: number; readonly fd: number; readonly roomy: boolean }
  /** Let nothing more in, read what the socket holds, and answer. */
  | { readonly type: 'drain'; readonly socket: number }
  | { readonly type: 'end' }

/** From the thread. */
export type Answer =
  /** From now on commands are obeyed at once. */
  | { readonly type: 'ready' }
  /** The ring has records, and the reader had said that it sleeps. */
  | { readonly type: 'filled' }
  /** All of the socket is in the ring, and its descriptor is no longer used. */
  | { readonly type: 'drained'; readonly socket: number }
