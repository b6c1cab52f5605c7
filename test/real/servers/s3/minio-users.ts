import { crc32 } from 'node:zlib'

/** A user of an S3 server, and what it may do; a user with an empty list may do nothing. */
export interface S3User {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly allow: readonly S3Grant[]
}

/** A statement of a policy: `s3:ListBucket` on `arn:aws:s3:::bucket`, `s3:GetObject` on `arn:aws:s3:::bucket/*`. */
export interface S3Grant {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
}

/**
 * The user as MinIO imports it: a zip archive of JSON files. MinIO's other ways to make a user want a body that is encrypted
 * with its own scheme.
 */
export function minioUserArchive(user: S3User): Buffer {
  const { accessKeyId, secretAccessKey, allow } = user
  const users = { [accessKeyId]: { secretKey: secretAccessKey, status: 'enabled' } }
  // MinIO takes a policy without statements for an order to remove it.
  const statements = allow.map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources }))
  const policies = { [accessKeyId]: { Version: '2012-10-17', Statement: statements } }
  const mappings = { [accessKeyId]: { version: 1, policy: accessKeyId } }
  return storedZip({
    'iam-assets/users.json': users,
    ...(allow.length > 0 && { 'iam-assets/policies.json': policies, 'iam-assets/user_mappings.json': mappings }),
  })
}

/** A zip archive of JSON files, stored as they are (APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16). */
function storedZip(files: Record<string, unknown>): Buffer {
  const entries: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, value] of Object.entries(files)) {
    const content = Buffer.from(JSON.stringify(value))
    const { length } = content
    // Version 2.0, no flags, method 0 (stored), no time and date, CRC-32, both sizes, the name's length, no extra field.
    const header = littleEndian([2, 20], [2, 0], [2, 0], [4, 0], [4, crc32(content)], [4, length], [4, length], [2, name.length], [2, 0])
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), header, Buffer.from(name), content])
    entries.push(entry)
    // The version that made it before what the entry says too, then no comment, disk 0, no attributes, where the entry is.
    const place = littleEndian([2, 0], [2, 0], [2, 0], [4, 0], [4, offset])
    directory.push(Buffer.from('PK\x01\x02'), littleEndian([2, 20]), header, place, Buffer.from(name))
    offset += entry.length
  }
  const listed = Buffer.concat(directory)
  const count = entries.length
  const end = littleEndian([2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, offset], [2, 0])
  return Buffer.concat([...entries, listed, Buffer.from('PK\x05\x06'), end])
}

function littleEndian(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer {
  const parts = fields.map(([bytes, value]) => {
    const field = Buffer.alloc(bytes)
    field.writeUIntLE(value, 0, bytes)
    return field
  })
  return Buffer.concat(parts)
}
