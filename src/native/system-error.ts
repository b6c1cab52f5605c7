import type { Koffi } from './koffi.ts'

/** What a call of the C library left in errno, in the form in which Node.js' own calls fail: `code` is the name, as EADDRINUSE. */
export function systemError(koffi: Koffi, call: string): NodeJS.ErrnoException {
  const number = koffi.errno()
  const code = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -number, syscall: call })
}
