// A browser's page sends requests to other origins, one after the other. Usage: fetch.cjs CHROMIUM PAGE REQUESTS, where
// REQUESTS is a JSON list of {url, options} as `fetch` takes them. Prints a JSON list of what the page may see: status,
// body and the header x-shown of an answer, or the name of the error.

const { Browser } = require("./browser.cjs");

async function main(executable, page, requests) {
  const browser = await Browser.open(executable, page);
  try {
    await browser.loads(page);
    const seen = [];
    for (const { url, options } of JSON.parse(requests)) {
      seen.push(
        await browser.evaluate(`fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then(
          async (answer) => [answer.status, await answer.text(), answer.headers.get("x-shown")],
          (error) => error.name)`),
      );
    }
    console.log(JSON.stringify(seen));
  } finally {
    await browser.close();
  }
}

main(...process.argv.slice(2));
