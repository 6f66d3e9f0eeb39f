// The extension's home page: a card for each store.

import {
  ActionButton, Button, Form, Item, Menu, MenuTrigger, TabList, TabPanels, Tabs, Text,
} from "@adobe/react-spectrum";
import Alert from "@spectrum-icons/workflow/Alert";
import ChevronDown from "@spectrum-icons/workflow/ChevronDown";
import { layout, t } from "static:dom.js";
import * as words from "static:words.js";
import { Amazon, Fact, Flag, Light, Trend, Volume } from "./parts.jsx";

export function Home({ data, common, nothing }) {
  return (
    <>
      <div className="asc-banner">
        <Amazon size={46} />
        <div>
          <div className="asc-title"><Text>{t(words.BANNER)}</Text></div>
          <div><Text>{t(words.BANNER_LINE)}</Text></div>
        </div>
        <div className="asc-actions"><Button variant="accent" onPress={nothing}>{t("Add Amazon Store")}</Button></div>
      </div>
      <Tabs aria-label={t("Amazon Sales Channel")} orientation="vertical" selectedKey={words.HOME_TABS[0]}
        onSelectionChange={(key) => key !== words.HOME_TABS[0] && nothing()} UNSAFE_className="asc-home">
        <TabList>{words.HOME_TABS.map((title) => <Item key={title}>{t(title)}</Item>)}</TabList>
        <TabPanels>
          {words.HOME_TABS.map((title) => (
            <Item key={title}>
              <div className="asc-cards">
                {data.items.map((store) => <Card key={store.uuid} store={store} common={common} nothing={nothing} />)}
              </div>
            </Item>
          ))}
        </TabPanels>
      </Tabs>
    </>
  );
}

function Facts({ facts }) {
  if (layout.has("labels_apart")) {
    return (
      <div className="asc-card-apart">
        <div>{facts.map(([label]) => <div key={label}><Text>{t(label)}</Text></div>)}</div>
        <div>
          {facts.map(([label, value]) => (
            <div key={label}>{label === "Status" ? <Light status={value} /> : <Text>{t(value)}</Text>}</div>
          ))}
        </div>
      </div>
    );
  }
  return (
    <Form labelPosition="side" labelAlign="start" UNSAFE_className="asc-card-facts">
      {facts.map(([label, value]) => <Fact key={label} label={label} value={value} status={label === "Status"} />)}
    </Form>
  );
}

function Card({ store, common, nothing }) {
  return (
    <div className="asc-card">
      <div className="asc-card-top">
        <Flag country={store.country} size={48} />
        <div>
          <div className="asc-card-name"><Text>{store.name}</Text></div>
          <Facts facts={words.cardFacts(store)} />
        </div>
      </div>
      <div className="asc-card-body">
        <Text>{t("Gross Market Volume (30 day)")}</Text>
        <Volume store={store} />
        <Trend heights={store.trend} width={310} height={40} />
        <div className="asc-incomplete">
          <Alert size="XS" UNSAFE_className="asc-fall" /> <Text>{t(`Incomplete Listings: ${store.incomplete}`)}</Text>
        </div>
        <div className="asc-card-foot">
          <Button variant="primary" onPress={() => common.go(common.paths.store(store.uuid))}>{t("View Store")}</Button>
          <MenuTrigger>
            <ActionButton isQuiet><Text>{t("Action")}</Text><ChevronDown size="S" /></ActionButton>
            <Menu onAction={nothing}>{words.CARD_ACTIONS.map((title) => <Item key={title}>{t(title)}</Item>)}</Menu>
          </MenuTrigger>
        </div>
      </div>
    </div>
  );
}
