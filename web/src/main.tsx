/** The web client: signs in, or shows the chats of who is signed in. */

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { account } from "./state/account";
import { route } from "./state/route";
import { SignedIn, SignedInContext } from "./state/signed-in";
import { followTheme } from "./state/theme";
import "./style/index.css";
import { registerServiceWorker } from "./trusted";
import { Notices } from "./views/notices";
import { Shell } from "./views/shell";
import { SignIn } from "./views/sign-in";

const signedIn = signal<SignedIn | undefined>(undefined);

effect(() => {
  const now = account.value;
  if (now === signedIn.peek()?.account) return;
  if (now) signedIn.peek()?.close();
  else signedIn.peek()?.leave();
  signedIn.value = now && new SignedIn(now);
});

function App() {
  const person = signedIn.value;
  return (
    <>
      {person ? (
        <SignedInContext.Provider value={person} key={person.account.token}>
          <Shell />
        </SignedInContext.Provider>
      ) : (
        <SignIn />
      )}
      <Notices />
    </>
  );
}

followTheme();
// Somebody else's chats are no place to be after signing out.
effect(() => {
  if (!account.value && route.peek().view !== "chat") route.value = { view: "chats" };
});
const place = document.getElementById("app");
if (place) render(<App />, place);
void registerServiceWorker();
