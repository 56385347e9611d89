export { SomonError, isSomonError } from './base/error.ts'
export type { ErrorDetails, SourceLocation } from './base/error.ts'
export type { Unsubscribe } from './base/events.ts'
export type { GuardedCall } from './base/guard.ts'
export type { Artifact, ArtifactAsset } from './bundle/artifact.ts'
export type { BuildMessage } from './bundle/build-message.ts'
export type { BundleMetafile, BundleOptions, BundleOutput, BundleResult } from './bundle/output.ts'
export { defineConfig } from './config/input.ts'
export type { SettingsChanges, SettingsInput } from './config/input.ts'
export type { Settings } from './config/settings.ts'
export type { CircuitState } from './guard/events.ts'
export type { GuardFunctions } from './guard/functions.ts'
export type { GuardSnapshot, ReportedState } from './guard/snapshot.ts'
export type { Explanation } from './load/explanation.ts'
export type { GraphModule, ModuleGraph } from './load/module-graph.ts'
export type { Module, ModuleEventMap } from './module/module.ts'
export type { InvalidateReport, ReloadReport } from './module/reload-report.ts'
export type { WatchReport, WatchSession } from './module/watch-session.ts'
export type { SystemEvents } from './system/events.ts'
export type { GuardHandle, GuardOptions } from './system/guard-handle.ts'
export { ModuleSystem } from './system/module-system.ts'
export type {
  LoadOptions,
  ShutdownReport,
  SystemStats,
  ValidateOptions,
  ValidationReport,
  WatchOptions,
} from './system/module-system-api.ts'
export { VERSION } from './base/version.ts'
export type { GuardAction, GuardsSnapshot } from './system/system-guards.ts'
