export const help = {
  title: "Hilfe",
};
