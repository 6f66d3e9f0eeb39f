// What lies around every screen: the provider, the circle while something loads, the dialog and the toasts.

import {
  Content, defaultTheme, DialogContainer, Heading, IllustratedMessage, ProgressCircle, Provider, ToastContainer,
} from "@adobe/react-spectrum";
import { lang, t } from "static:dom.js";
import { CancelDialog } from "./cancel.jsx";
import { Dashboard } from "./dashboard.jsx";
import { Home } from "./home.jsx";
import { Order } from "./order.jsx";
import { Orders } from "./orders.jsx";
import "./app.css";

const SCREENS = { home: Home, store: Dashboard, orders: Orders, order: Order, failure: Failure };

function Failure({ text }) {
  return (
    <IllustratedMessage>
      <Heading>{t("Something went wrong")}</Heading>
      <Content>{t(text)}</Content>
    </IllustratedMessage>
  );
}

export function App({ screen, dialog, busy, closeDialog }) {
  const Screen = screen && SCREENS[screen.name];
  return (
    <Provider theme={defaultTheme} colorScheme="light" scale="medium" locale={lang} UNSAFE_className="asc-provider">
      <div className="asc-app">
        {Screen && <Screen {...screen} />}
        {busy && !dialog && (
          <div className="asc-busy"><ProgressCircle aria-label={t("Loading…")} isIndeterminate size="L" /></div>
        )}
      </div>
      <DialogContainer onDismiss={closeDialog}>
        {dialog && <CancelDialog {...dialog} close={closeDialog} />}
      </DialogContainer>
      <ToastContainer />
    </Provider>
  );
}
