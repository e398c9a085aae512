/** Made by the build, of the Unicode data (`build/emoji.ts`). */
declare module "virtual:emoji" {
  const groups: { name: string; emoji: [string, string][] }[];
  export default groups;
}
