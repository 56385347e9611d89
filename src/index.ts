export { SomonError, isSomonError } from './base/error.ts'
