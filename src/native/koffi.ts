import { createRequire } from 'node:module'
import type * as koffi from 'koffi'
import { RelayError } from '../core/errors.ts'
import { loadAddon } from './addons.ts'
import { isEmbedded } from './embedded.ts'

export type Koffi = typeof koffi
export type Libc = koffi.LibraryHandle

let loaded: Koffi | RelayError | undefined

/** koffi, or why it cannot be had here (no prebuilt addon for this system). Loaded at the first call, once. */
export function loadKoffi(): Koffi | RelayError {
  if (loaded === undefined) {
    try {
      loaded = (isEmbedded ? loadAddon('koffi.node') : createRequire(import.meta.url)('koffi')) as Koffi
    } catch (error) {
      loaded = RelayError.from(error, 'INTERNAL', 'koffi cannot be loaded')
    }
  }
  return loaded
}

/**
 * What `bind` makes of the C library's functions, or `fallback` where koffi or one of the functions is missing: the
 * caller then does the same by slower means. `onError` hears why.
 */
export function withLibc<Bound>(
  bind: (libc: Libc, koffi: Koffi) => Bound,
  fallback: Bound,
  onError: (error: RelayError) => void = () => {},
  load: () => Koffi | RelayError = loadKoffi,
): Bound {
  const found = load()
  if (found instanceof RelayError) {
    onError(found)
    return fallback
  }
  try {
    // Node.js is linked to the C library, so its symbols are among the process' own, whatever its file is called.
    return bind(found.load(null), found)
  } catch (error) {
    onError(RelayError.from(error, 'INTERNAL', 'a function of the C library cannot be bound'))
    return fallback
  }
}
