import type { DeviceType } from './device-types.ts'
import { deviceType } from './device-types.ts'
import type { SyslogSourceConfig } from './schema.ts'

/** The port a source listens on: its own, or the one of its device type. 0 lets the system choose. */
export function effectivePort(source: Pick<SyslogSourceConfig, 'port' | 'device'>): number {
  // The schema lets only known device types pass.
  return source.port ?? (deviceType(source.device) as DeviceType).port
}
