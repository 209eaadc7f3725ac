"""Signing in on the page: with a wrong key, with a right one, and after the key was revoked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from caviar.service.client import Client
from tests.commands import run
from tests.factories.studies import external
from tests.processes import free_port, process, wait_until_ready


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server with keys, and a key of its admin."""
    port, data = free_port(), tmp_path_factory.mktemp("guarded")
    url = f"http://127.0.0.1:{port}"
    key = run("key", "create", "root", "--scope", "admin", "--data", str(data)).strip()
    with process("serve", "--port", str(port), "--data", str(data)):
        wait_until_ready(url)
        with Client(url, key=key) as client:
            client.create_study(external())
        yield url, key


def test_a_person_signs_in_and_out_until_the_key_is_revoked(
    browser: Browser, guarded: tuple[str, str]
) -> None:
    url, root = guarded
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with Client(url, key=root) as client:
        key = client.create_key("laptop", ["read"]).key
        page.goto(f"{url}/?study=outside")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.get_by_text("outside").count() == 0
        field, submit = page.get_by_label("Key"), page.get_by_role("button", name="Sign in")
        field.fill(f"{key[:-1]}{'a' if key[-1] != 'a' else 'b'}")
        submit.click()
        expect(page.get_by_role("alert").filter(has_text="revoked")).to_be_visible()
        field.fill(f" {key} ")
        submit.click()
        expect(page.get_by_role("heading", name="outside")).to_be_visible()
        expect(page.locator(".signed-in")).to_contain_text("laptop")
        [cookie] = context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert key not in str(context.storage_state())
        assert key not in page.content()
        page.reload()
        expect(page.get_by_role("heading", name="outside")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        field.fill(key)
        submit.click()
        expect(page.get_by_role("heading", name="outside")).to_be_visible()
        client.revoke_key("laptop")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
    assert errors == []
