import { gzipSync, zstdCompressSync } from 'node:zlib'

/** How an object is stored. */
export interface BucketPacking {
  /** Ending of its key. */
  readonly ending: string
  readonly pack: (content: Buffer) => Buffer
}

const fast = { level: 1 }

export const plain: BucketPacking = { ending: '', pack: (content) => content }
export const gzip: BucketPacking = { ending: '.gz', pack: (content) => gzipSync(content, fast) }
/** Members, one behind the other and each begun inside a message, as tools leave them that append. */
export const gzipMembers: BucketPacking = {
  ending: '.members.gz',
  pack: (content) => {
    const at = [0, Math.floor(content.length / 3), Math.floor(content.length / 2), content.length]
    return Buffer.concat(at.slice(1).map((end, i) => gzipSync(content.subarray(at[i], end), fast)))
  },
}
export const zstd: BucketPacking = { ending: '.zst', pack: (content) => zstdCompressSync(content) }

export const bucketPackings: readonly BucketPacking[] = [plain, gzip, gzipMembers, zstd]
