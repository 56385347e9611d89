import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyzePage } from '../../src/bundle/analyze-page.ts'
import type { BundleMetafile } from '../../src/bundle/output.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const METAFILE: BundleMetafile = {
  inputs: {
    'src/main.ts': input([
      ['src/lib/deep.ts', './lib/deep'],
      ['src/small.ts', './small'],
    ]),
    'src/small.ts': input([['src/lib/deep.ts', './lib/deep']]),
    'src/lib/deep.ts': input([['src/lib/deeper.ts', './deeper']]),
    'src/lib/deeper.ts': input([]),
    'node_modules/</script><b>/x.ts': input([]),
  },
  outputs: {
    'dist/main.js': {
      bytes: 1100,
      entryPoint: 'src/main.ts',
      imports: [],
      inputs: {
        'src/main.ts': { bytesInOutput: 500 },
        'src/small.ts': { bytesInOutput: 50 },
        'src/lib/deep.ts': { bytesInOutput: 250 },
        'src/lib/deeper.ts': { bytesInOutput: 200 },
        'node_modules/</script><b>/x.ts': { bytesInOutput: 100 },
      },
    },
  },
}

describe('analyzePage()', () => {
  test('is one file that names no other', () => {
    const html = analyzePage(METAFILE, 'src/main.ts & "more"')

    expect(html).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/)
    expect(html).toContain("default-src 'none'")
    expect(html).toContain('<h1>src/main.ts &amp; &quot;more&quot;</h1>')
    expect(html.match(/<\/script>/g)).toHaveLength(2)
  })

  describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium ?? ''}`, () => {
    let browser: Browser
    let fixture: Fixture
    let url: string

    beforeAll(async () => {
      browser = await launchChromium()
      fixture = await createFixture()
      const file = await fixture.write('analyze.html', analyzePage(METAFILE, 'src/main.ts'))
      url = pathToFileURL(file).href
    })

    afterAll(async () => {
      await browser?.close()
      await fixture?.[Symbol.asyncDispose]()
    })

    test('draws without a request, an error or a breach of its policy', async () => {
      const { page, requests, complaints } = await open({ width: 1200, height: 800 })

      expect(requests).toEqual([url])
      expect(complaints).toEqual([])
      expect(await page.locator('#map button').count()).toBe(2)
      expect(await page.locator('#total').textContent()).toBe('1.1 KiB from 5 modules')
      await page.close()
    })

    test('shows the chain of imports of the module that is chosen', async () => {
      const { page } = await open({ width: 1200, height: 800 })

      await page.getByRole('button', { name: 'src/lib/deeper.ts', exact: true }).click()

      const steps = await page.locator('#why li').allTextContents()
      expect(steps.map((step) => step.trim())).toEqual([
        'src/main.ts',
        'src/lib/deep.ts import-statement "./lib/deep"',
        'src/lib/deeper.ts import-statement "./deeper"',
      ])
      await page.close()
    })

    test('is used with the keyboard alone', async () => {
      const { page } = await open({ width: 1200, height: 800 })
      const focused = (): Promise<string | undefined> =>
        page.evaluate('document.activeElement.dataset.path') as Promise<string | undefined>

      await page.locator('#find').focus()
      await page.keyboard.press('Tab') // the folder's name above the map
      await page.keyboard.press('Tab') // the first box
      const first = await focused()
      await page.keyboard.press('Enter')
      const inside = await focused()
      await page.keyboard.press('ArrowRight')
      const beside = await focused()
      await page.keyboard.press('Escape')

      expect(first).toBe('src/')
      expect(inside).toBe('src/main.ts')
      expect(beside).toBe('src/lib/')
      expect(await focused()).toBe('src/')
      await page.close()
    })

    test('dims what the search does not match', async () => {
      const { page } = await open({ width: 1200, height: 800 })

      await page.locator('#find').fill('DEEPER')

      expect(await page.locator('#map button.dim').count()).toBe(1)
      expect(await page.locator('#map button:not(.dim)').getAttribute('data-path')).toBe('src/')
      await page.close()
    })

    test('fits a screen of 375 px', async () => {
      const { page } = await open({ width: 375, height: 700 })

      const width = await page.evaluate('document.documentElement.scrollWidth')
      const box = await page.locator('#map button').first().boundingBox()

      expect(width).toBeLessThanOrEqual(375)
      expect(box?.width).toBeGreaterThan(100)
      await page.close()
    })

    async function open(viewport: { width: number; height: number }): Promise<{
      page: Page
      requests: string[]
      complaints: string[]
    }> {
      const page = await browser.newPage({ viewport })
      const requests: string[] = []
      const complaints: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      page.on('console', (message) => complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(url)
      return { page, requests, complaints }
    }
  })
})

function input(
  imports: readonly [path: string, original: string][],
): BundleMetafile['inputs'][string] {
  return {
    bytes: 2000,
    bytesInOutput: 0,
    imports: imports.map(([path, original]) => ({
      path,
      kind: 'import-statement',
      external: false,
      original,
    })),
  }
}
