// The dialog that asks for the reason, and cancels.

import { useRef, useState } from "react";
import { Button, ButtonGroup, Content, Dialog, Divider, Heading, Item, Picker, Text } from "@adobe/react-spectrum";
import { t } from "static:dom.js";

export function CancelDialog({ offer, confirm, close }) {
  const [reason, choose] = useState(null);
  const [sent, setSent] = useState(false);
  const pressed = useRef(false);
  const send = () => {
    // A second press while the first is under way must not send a second cancel.
    if (pressed.current) return;
    pressed.current = true;
    setSent(true);
    confirm(reason);
  };
  return (
    <Dialog size="S">
      <Heading>{t("Cancel Order")}</Heading>
      <Divider />
      <Content>
        {offer.text && <p><Text>{t(offer.text)}</Text></p>}
        <Picker label={t("Reason for cancellation")} items={offer.reasons} selectedKey={reason} onSelectionChange={choose}
          isDisabled={sent} width="100%">
          {({ code, label }) => <Item key={code}>{t(label)}</Item>}
        </Picker>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={close} isDisabled={sent}>{t("Close")}</Button>
        {Array.from({ length: offer.confirms }, (_, place) => (
          <Button key={place} variant="accent" onPress={send} isDisabled={reason === null} isPending={sent}>
            {t("Confirm")}
          </Button>
        ))}
      </ButtonGroup>
    </Dialog>
  );
}
