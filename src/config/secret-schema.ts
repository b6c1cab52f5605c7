import { z } from 'zod'

/** Where a password, a key or a token is. Whoever uses it reads it anew when it connects: see secrets/read-secret.ts. */
export interface SecretConfig {
  readonly value?: string | undefined
  readonly file?: string | undefined
  readonly env?: string | undefined
}

/** `{ file: /run/credentials/token }`, `{ env: TOKEN }`, or the text itself. */
export function secret(): z.ZodType<SecretConfig, string | { file: string } | { env: string }> {
  const error = 'must be "{ file: /path }", "{ env: NAME }", or the text itself'
  const text = z.string().min(1)
  return z
    .union([text, z.strictObject({ file: text }), z.strictObject({ env: text })], { error })
    .transform((given): SecretConfig => (typeof given === 'string' ? { value: given } : given))
    .meta({ typeName: 'secret' })
}
