// Runs the Slack service of the npm package "emulate" and says where it listens, in one line.
//
// The package cannot be told where an app wants its events, so that is registered with its own dispatcher, by a module
// that it does not export under a name. Where it would leave out what every app of Slack's relies on, that is filled in:
//   - a method's arguments may stand in the query, as slack_sdk's asynchronous client sends them
//   - events come only of conversations the bot is in, and only of the kinds that the app subscribed to
//   - a message says in what kind of conversation it was written, and when it became an event
//   - a message that mentions the bot is followed by `app_mention`

import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

const { emulate, eventsUrl, subscribed, bot, seed } = JSON.parse(process.argv[2]);
const part = (name) => import(new URL(`dist/${name}`, pathToFileURL(`${emulate}/`)));
const { createEmulator } = await part("api.js");
const { getSlackStore, slackPlugin } = await part("dist-6ZQHD4DN.js");

let slack, webhooks;
const register = slackPlugin.register;
slackPlugin.register = (app, store, dispatcher, ...others) => {
  slack = getSlackStore(store);
  webhooks = dispatcher;
  register(app, store, dispatcher, ...others);
  app.get("/kept/deliveries", (c) => c.json(webhooks.getDeliveries()));
  app.get("/kept/ephemeral", (c) => c.json(slack.ephemeralMessages.all()));
  const answer = app.fetch;
  app.fetch = async (request) => answer(await withArgumentsInBody(request));
};

async function withArgumentsInBody(request) {
  const { origin, pathname, search } = new URL(request.url);
  if (!pathname.startsWith("/api/") || (request.method === "POST" && !search)) return request;
  const body = [search.slice(1), await request.text()].filter(Boolean).join("&");
  const headers = { ...Object.fromEntries(request.headers), "content-type": "application/x-www-form-urlencoded" };
  return new Request(origin + pathname, { method: "POST", headers, body });
}

function kindOf(channel) {
  if (channel.is_im) return "im";
  if (channel.is_mpim) return "mpim";
  return channel.is_private ? "group" : "channel";
}

function subscribe() {
  const dispatch = webhooks.dispatch.bind(webhooks);
  webhooks.dispatch = async (type, action, payload, owner) => {
    if (type !== "message") return dispatch(type, action, payload, owner);
    const message = payload.event;
    const channel = slack.channels.findOneBy("channel_id", message.channel);
    if (!channel.members.includes(bot.user)) return;
    const kind = kindOf(channel);
    Object.assign(message, { channel_type: kind, event_ts: message.event_ts ?? message.ts });
    if (subscribed.includes(`message.${{ channel: "channels", group: "groups" }[kind] ?? kind}`)) {
      await dispatch(type, action, payload, owner);
    }
    const mentioned = message.text?.includes(`<@${bot.user}>`) && message.user !== bot.user && !message.subtype;
    if (mentioned && kind !== "im") {
      const { channel_type, ...event } = { ...message, type: "app_mention" };
      const mention = { ...payload, event_id: `Ev${randomUUID().replaceAll("-", "")}`, event };
      await dispatch("app_mention", action, mention, owner);
    }
  };
  const events = subscribed.map((name) => name.split(".")[0]);
  webhooks.register({ url: eventsUrl, events, active: true, owner: "slack" });
}

const { url } = await createEmulator({ service: "slack", port: 0, seed: { slack: seed } });
for (const channel of slack.channels.all()) {
  const members = [...channel.members, bot.user];
  slack.channels.update(channel.id, { members, num_members: members.length });
}
subscribe();
process.stdin.on("end", () => process.exit()).resume(); // whoever started it is gone
console.log(JSON.stringify({ port: Number(new URL(url).port) }));
