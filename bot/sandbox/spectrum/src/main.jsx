// The spectrum face: what app.js asks a face to draw, drawn by Adobe's own React Spectrum components.

import { createRoot } from "react-dom/client";
import { ToastQueue } from "@adobe/react-spectrum";
import { t } from "static:dom.js";
import * as words from "static:words.js";
import { App } from "./app.jsx";

const TOASTS = { success: ToastQueue.positive, error: ToastQueue.negative, notice: ToastQueue.info };

export function createView(root) {
  const page = createRoot(root);
  let shown = { screen: null, dialog: null, busy: false };
  let toasts = [];
  const show = (changes) => {
    shown = { ...shown, ...changes };
    page.render(<App {...shown} closeDialog={view.closeDialog} />);
  };
  const nothing = (common) => () => common.message("notice", words.NOT_HERE);
  const view = {
    busy: (busy) => show({ busy }),
    leave: () => show({ screen: null }),
    message(kind, text) {
      toasts.push(TOASTS[kind](t(text)));
    },
    clearMessages() {
      toasts.forEach((close) => close());
      toasts = [];
    },
    failure: (text) => show({ screen: { name: "failure", text } }),
    home: (data, common) => show({ screen: { name: "home", data, common, nothing: nothing(common) } }),
    store: (data, common) => show({ screen: { name: "store", data, common, nothing: nothing(common) } }),
    orders: (listing, filters, actions) => show({ screen: { name: "orders", listing, filters, actions } }),
    order: (data, actions) =>
      show({ screen: { name: "order", order: data.order, actions, nothing: nothing(actions) } }),
    cancelDialog: (offer, confirm) => show({ dialog: { offer, confirm } }),
    closeDialog: () => show({ dialog: null }),
  };
  show({});
  return view;
}
