/**
 * Zstandard (RFC 8878), a frame at a time, beside the event loop. Neither buffer may be touched until the answer is there.
 */
export interface Zstd {
  /** Resolves with the length of the frame, written at the beginning of `into`; undefined when it does not fit or cannot be made. */
  compress(plain: Buffer, into: Buffer): Promise<number | undefined>
  /** Resolves with the length of the plain bytes, or undefined when they do not fit or the frame is damaged. */
  decompress(packed: Buffer, into: Buffer): Promise<number | undefined>
}
