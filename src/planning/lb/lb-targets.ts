import type { Balancer } from './balancer.ts'
import { cloudformationTemplate } from './cloudformation.ts'
import { haproxyConfig } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'
import type { LbResult } from './result.ts'
import { terraformConfig } from './terraform.ts'

/** What a balancer's configuration can be written for, by the name that the command line has for it. */
export const lbTargets = {
  haproxy: haproxyConfig,
  nginx: nginxConfig,
  terraform: terraformConfig,
  cloudformation: cloudformationTemplate,
} satisfies Record<string, (balancer: Balancer) => LbResult<string>>

export type LbTarget = keyof typeof lbTargets

export const lbTargetNames = Object.keys(lbTargets) as LbTarget[]
