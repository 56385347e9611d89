export type { Clock, Scheduled } from './base/clock.ts'
export { SomonError } from './base/error.ts'
export type { Fault, FaultDirection, FaultKind } from './guard/fault.ts'
export {
  createFaultProxy,
  type FaultProxy,
  type FaultProxyOptions,
  type FaultProxyStats,
} from './guard/fault-proxy.ts'
