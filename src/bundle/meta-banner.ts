import { META_FUNCTION } from './meta.ts'

/** Stand in the banner until the output's place and entry are known. */
const META_ROOT = '"<somon root>"'
const META_ENTRY = '"<somon entry>"'

/**
 * Returns the first line of outputs whose sources have an `import.meta` of their own: a function
 * that makes it from the source's path relative to the root.
 *
 * Paths are relative to the output, so outputs and sources may move together.
 */
export function metaBanner(format: 'esm' | 'cjs' | 'iife'): string {
  const own =
    format === 'esm'
      ? { url: 'import.meta.url', main: 'import.meta.main' }
      : { url: 'require("node:url").pathToFileURL(__filename).href', main: 'require.main===module' }
  return (
    `var ${META_FUNCTION}=(()=>{const builtin=process.getBuiltinModule,known=new Map();` +
    `return path=>{let meta=known.get(path);if(meta)return meta;` +
    `if(/^[a-z][a-z\\d+.-]+:\\/\\//i.test(path)){meta={__proto__:null,url:path,main:path===${META_ENTRY}&&${own.main},` +
    `resolve:specifier=>URL.canParse(specifier)?specifier:new URL(specifier,path).href};known.set(path,meta);return meta}` +
    `const url=new URL(${META_ROOT}+path.split("/").map(encodeURIComponent).join("/"),${own.url}).href,` +
    `filename=builtin("node:url").fileURLToPath(url);` +
    `meta={__proto__:null,url,filename,dirname:builtin("node:path").dirname(filename),` +
    `main:path===${META_ENTRY}&&${own.main},` +
    `resolve:specifier=>{const found=builtin("node:module").createRequire(url).resolve(specifier);` +
    `return builtin("node:path").isAbsolute(found)?builtin("node:url").pathToFileURL(found).href:found}};` +
    `known.set(path,meta);return meta}})();`
  )
}

/** Fills in where an output lies and what its entry is; a text without the banner stays. */
export function bindMetaBanner(text: string, toRoot: string, entry: string): string {
  return text
    .replace(META_ROOT, () => JSON.stringify(toRoot))
    .replaceAll(META_ENTRY, () => JSON.stringify(entry))
}
