import { createHash } from 'node:crypto'

/** An entity tag without the quotes and the mark of weakness that headers and listings put around it. */
export function bareEtag(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}

/**
 * Names one content of one key, in 32 hexadecimal digits: an object that was overwritten is another object, one that was
 * uploaded again with the same content is the same.
 */
export function objectId(bucket: string, key: string, etag: string): string {
  // None of the three can hold a NUL.
  return createHash('sha256').update(`${bucket}\0${key}\0${etag}`).digest('hex').slice(0, 32)
}
