import { pluralOf } from "../plural";

const plural = pluralOf("en");

export const common = {
  product: "Drishtiksha",
  tagline: "Was this made or altered by AI? See the verdict, and what it rests on.",
  skipToContent: "Skip to the content",
  loading: "Loading …",
  retry: "Try again",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  optional: "optional",
  copy: "Copy",
  copied: "Copied",
  showMore: "Show more",
  endOfList: "That is all.",
  showAsTable: "Show the figures as a table",
  dismiss: "Dismiss",
  requestId: (id: string) => `Request ${id}`,
  retryIn: (secs: number) =>
    plural(secs, { one: "Try again in # second.", other: "Try again in # seconds." }),
  stale: "This could not be updated; what you see may be old.",
  nav: {
    main: "Main",
    library: "Library",
    live: "Live",
    monitoring: "Monitoring",
    help: "Help",
    account: "Account",
    signOut: "Sign out",
    userMenu: "Account, theme and language",
  },
  theme: { label: "Theme", system: "System", light: "Light", dark: "Dark" },
  language: { label: "Language" },
  connection: {
    online: "Live",
    connecting: "Connecting …",
    polling: "No live connection. What you see is refreshed every few seconds.",
    offline: "The server cannot be reached. What you see may be old.",
  },
  notFound: {
    title: "There is nothing here",
    detail: "The address may be wrong, or what was here is gone.",
    home: "Go to the library",
  },
  crash: {
    title: "This page has failed",
    detail: "It is a fault of ours. Loading it again often helps.",
    reload: "Load again",
  },
  kinds: { image: "Picture", video: "Video", audio: "Sound" },
  status: {
    QUEUED: "Waiting",
    PENDING: "Waiting",
    PROCESSING: "Under way",
    ANALYZED: "Done",
    COMPLETED: "Done",
    PARTIALLY_ANALYZED: "Partly done",
    FAILED: "Failed",
    CANCELLED: "Cancelled",
  },
  waits: {
    turn: "The run waits for its turn.",
    no_server:
      "The run waits, because no server that judges files answers. It begins by itself when one does.",
    model_missing: (model: string) =>
      `The run waits, because no server that answers has the model ${model}. It begins by itself when one has it.`,
  },
};
