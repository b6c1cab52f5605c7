import { z } from 'zod'

const filePath = () => z.string().min(1).meta({ typeName: 'file' })

const tlsFiles = {
  cert_file: filePath().optional().describe('PEM certificate chain, the leaf first. Read again when the file changes.'),
  key_file: filePath().optional().describe('PEM private key of that certificate, not encrypted.'),
}

export const minVersion = z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest TLS version that is spoken.')

export const serverTlsSchema = z.strictObject({
  ...tlsFiles,
  client_ca_file: filePath()
    .optional()
    .describe('PEM certificates of the authorities that sign client certificates. Setting it turns mutual TLS on.'),
  client_auth: z
    .enum(['required', 'optional'])
    .default('required')
    .describe('With client_ca_file: whether a client without a certificate is refused.'),
  min_version: minVersion,
})

export const clientTlsSchema = z.strictObject({
  ...tlsFiles,
  ca_file: filePath().optional().describe("PEM certificates to trust instead of the system's authorities."),
  verify: z
    .boolean()
    .default(true)
    .describe("Whether the server's certificate and name are checked. Turning it off lets anybody read and take the logs."),
  server_name: z.string().min(1).optional().describe('Name to ask for and to check, where it differs from the endpoint.'),
  min_version: minVersion,
})
