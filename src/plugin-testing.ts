export { SomonError } from './base/error.ts'
export {
  pluginContract,
  type ContractTest,
  type ExpectedExports,
  type PluginSample,
} from './module/plugin-contract.ts'
