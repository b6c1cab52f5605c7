import type { Koffi, Libc } from './koffi.ts'
import { systemError } from './system-error.ts'

const EFD_CLOEXEC_NONBLOCK = 0o2000000 | 0o4000

/** Ends another thread's poll(2): an eventfd(2), which is readable from `ring` until it is read. */
export interface WakeUp {
  readonly fd: number
  /** Does nothing once closed: the descriptor's number may be another file's by then. */
  ring(): void
  close(): void
}

export function openWakeUp(libc: Libc, koffi: Koffi): WakeUp {
  const eventfd = libc.func('int eventfd(unsigned int initial, int flags)')
  const write = libc.func('intptr_t write(int fd, const void *bytes, size_t count)')
  const close = libc.func('int close(int fd)')
  const fd = eventfd(0, EFD_CLOEXEC_NONBLOCK) as number
  if (fd < 0) throw systemError(koffi, 'eventfd')
  const one = Buffer.alloc(8)
  one[0] = 1
  let open = true
  return {
    fd,
    ring() {
      // It can fail only where 2^64 - 2 calls went unheard: then it is readable anyway.
      if (open) write(fd, one, one.length)
    },
    close() {
      if (open) close(fd)
      open = false
    },
  }
}
