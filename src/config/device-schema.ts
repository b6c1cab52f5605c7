import { z } from 'zod'
import { deviceTypes, isDeviceType } from './device-types.ts'
import { timezone } from './formats.ts'
import { nearest } from './nearest.ts'
import { size } from './units.ts'

/** Which kind of sender a source hears. */
export function deviceName(fallback: string) {
  return z
    .string()
    .superRefine((device, context) => {
      if (isDeviceType(device)) return
      const near = nearest(
        device,
        deviceTypes.map(({ name }) => name),
      )
      const hint = near === undefined ? '`logrelay types` lists them' : `write "${near}"; \`logrelay types\` lists them all`
      context.addIssue({ code: 'custom', message: 'is not a known device type', params: { hint } })
    })
    .default(fallback)
    .describe('Kind of sender: decides the default port and what parsing expects. See `logrelay types`.')
}

/** What every source does with its messages. */
export const messageLimits = {
  max_message_size: size({ max: 16 * 2 ** 20 })
    .default(65_536)
    .describe('A longer message is treated as `when_too_long` says.'),
  when_too_long: z
    .enum(['truncate', 'reject'])
    .default('truncate')
    .describe('`truncate`: cut, deliver, mark and count. `reject`: drop and count.'),
  timezone: timezone().default('UTC').describe('Zone of dates that name none: an IANA name or an offset such as `+02:00`.'),
}
