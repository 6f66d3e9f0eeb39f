// A store's dashboard, with its newest orders.

import { Button, Heading, Link, Text } from "@adobe/react-spectrum";
import ChevronDown from "@spectrum-icons/workflow/ChevronDown";
import { t } from "static:dom.js";
import * as words from "static:words.js";
import { Amazon, StoreHeader, Trend, Volume } from "./parts.jsx";
import { OrderTable } from "./table.jsx";

const Links = ({ list, nothing }) => list.map(([title, line]) => (
  <div key={title} className="asc-entry">
    <Link isQuiet onPress={nothing}>{t(title)}</Link>
    <div><Text>{t(line)}</Text></div>
  </div>
));

export function Dashboard({ data, common, nothing }) {
  const { store, items } = data;
  return (
    <>
      <StoreHeader store={store}>
        <Button variant="primary" onPress={() => common.go(common.paths.home())}>{t("Dashboard")}</Button>
      </StoreHeader>
      <div className="asc-dashboard">
        <div className="asc-settings">
          <Heading level={2}>{t("Store Settings")}</Heading>
          <Links list={words.SETTINGS} nothing={nothing} />
        </div>
        <div className="asc-listings">
          <div className="asc-spread">
            <Heading level={2}>{t("Store Listings")}</Heading>
            <Link isQuiet onPress={nothing}>{t("Manage Listings")}</Link>
          </div>
          <div className="asc-figures">
            {words.LISTINGS.map(([figure, label], place) => (
              <div key={label}>
                <div><strong>{figure}</strong></div>
                {place ? <Link isQuiet onPress={nothing}>{t(label)}</Link> : <Text>{t(label)}</Text>}
              </div>
            ))}
          </div>
          <div><strong>{t("Amazon Store Sales Revenue")}</strong></div>
          <div className="asc-spread">
            <span><Text>{t("Last 30 days")}</Text> <ChevronDown size="XS" /></span>
            <Volume store={store} />
          </div>
          <Trend heights={store.trend} width={800} height={92} />
        </div>
        <div className="asc-seller">
          <Heading level={2}><Amazon size={26} /> {t("Seller Central links")}</Heading>
          <Links list={words.SELLER_CENTRAL} nothing={nothing} />
        </div>
        <div className="asc-recent">
          <div className="asc-recent-head">
            <Heading level={3}>{t("Recent orders:")}</Heading>
            <Link href={common.paths.orders(store.uuid)}>{t("All Orders")}</Link>
          </div>
          <OrderTable rows={items} store={store} common={common} height={440} />
        </div>
      </div>
    </>
  );
}
