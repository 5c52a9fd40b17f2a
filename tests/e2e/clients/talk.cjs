// Two browsers on the chat's page talk to each other. Usage: talk.cjs CHROMIUM PAGE; prints as JSON what their pages
// show in the end.

const { Browser } = require("./browser.cjs");

async function main(executable, page) {
  const browsers = [];
  try {
    for (let number = 0; number < 2; number += 1) {
      browsers.push(await Browser.open(executable, page));
      await browsers[number].shows("connected");
    }
    const words = ["hello from the first <b>browser</b>", "é 😀 from the second"];
    for (const [speaker, text] of words.entries()) {
      await browsers[speaker].types(text);
      // Everybody hears it before the next one speaks.
      for (const browser of browsers) await browser.shows(text);
    }
    console.log(JSON.stringify(await Promise.all(browsers.map((browser) => browser.shown()))));
  } finally {
    for (const browser of browsers) await browser.close();
  }
}

main(process.argv[2], process.argv[3]);
