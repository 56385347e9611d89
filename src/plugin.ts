export { SomonError } from './base/error.ts'
export type { Guard, GuardedCall } from './base/guard.ts'
export type { ArtifactInput, ImportAttributes } from './bundle/artifact.ts'
export type { BuildMessage } from './bundle/build-message.ts'
export type {
  ArtifactInfo,
  BeforeLoadEvent,
  FusedPlugin,
  GenerationInfo,
  Hook,
  HookContext,
  HookFilter,
  LoadHook,
  LoadResult,
  PluginContext,
  PluginInputs,
  PluginMessage,
  PluginSourceMap,
  ResolveIdHook,
  RuntimeHooks,
  SomonPlugin,
  StringFilter,
  TransformHook,
  TransformResult,
} from './bundle/plugin.ts'
