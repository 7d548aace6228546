"""A list of conversations as a file, sent while it is read: however long it is, little of it is in memory."""

from __future__ import annotations

import asyncio
import logging
from itertools import chain

from components.core.errors import InvalidInput, Unavailable
from components.helpdesk.reports.conversation_list import ConversationLine, conversation_batches
from components.helpdesk.reports.exports import CSV, PARQUET, About, csv_chunks, file_name, parquet_chunks
from dashboards.analytics.listing import Listing, listing_address, read_listing
from dashboards.desk import Desk
from dashboards.frame import header, notice, refused
from dashboards.pages import ROOT, find_page
from dashboards.sign_in import DashboardHandler, Porter

ROUTE = r"/analytics/conversations\.(csv|parquet)"
AT_ONCE = 2
# Of one part of the file, with whoever takes it.
_DEADLINE = 60.0

logger = logging.getLogger("helpdesk.dashboards")


def file_address(listing: Listing, ending: str) -> str:
    """Where the file is. ending: csv or parquet."""
    return f"{ROOT}/analytics/conversations.{ending}{listing_address(listing)}"


class ConversationsFile(DashboardHandler):
    """For who may see the page. What breaks off half-way ends the connection, so that no browser keeps it as whole."""

    def initialize(self, porter: Porter, desk: Desk, sent: set[ConversationsFile]) -> None:  # type: ignore[override]
        """sent: those that are being sent."""
        super().initialize(porter)
        self._desk, self._sent = desk, sent

    async def get(self, ending: str) -> None:
        viewer, page = await self.porter.gate.viewer(self), find_page(self.request.path)
        if viewer is None or page is None:
            return
        xsrf = self.xsrf_token.decode()
        if not viewer.may(page.permission):
            self.set_status(403)
            self.finish(refused(viewer, page, xsrf))
        elif len(self._sent) >= AT_ONCE:
            self.set_status(503)
            said = f"{AT_ONCE} files are being sent already: try again once they are there."
            self.finish(notice("In a moment", said, header(viewer, xsrf, page)))
        else:
            self._sent.add(self)
            try:
                await self._send(read_listing(self.request.query, viewer.tenants), ending)
            except (InvalidInput, Unavailable) as error:
                self.set_status(400 if isinstance(error, InvalidInput) else 503)
                self.finish(notice("No such list", error.message, header(viewer, xsrf, page)))
            finally:
                self._sent.remove(self)

    async def _send(self, listing: Listing, ending: str) -> None:
        with await asyncio.to_thread(self._desk.reports.open, listing.tenants) as reader:
            domains = tuple(each.domain for each in listing.tenants)
            about = About("conversation_list", listing.filters, domains, reader.refreshed_at)
            batches = conversation_batches(
                reader, listing.filters, listing.behind, order=listing.order, ascending=listing.ascending
            )
            # Asked before anything is sent: what cannot be listed is still told in words.
            first: list[ConversationLine] = await asyncio.to_thread(next, batches, [])
            whole = chain([first], batches)
            chunks = (
                csv_chunks(ConversationLine, whole)
                if ending == "csv"
                else parquet_chunks(ConversationLine, whole, about)
            )
            self.set_header("Content-Type", CSV if ending == "csv" else PARQUET)
            self.set_header("Content-Disposition", f'attachment; filename="{file_name(about, ending)}"')
            try:
                while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                    self.write(chunk)
                    await asyncio.wait_for(self.flush(), _DEADLINE)
            except Exception as error:
                logger.warning("a file of conversations broke off: %r", error)
                self.detach().close()
                return
        self.finish()
