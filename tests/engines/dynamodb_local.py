"""Amazon's own DynamoDB Local, from Maven Central, on loopback and in memory.

Its own main class listens on every interface and sends telemetry, so Jetty's XML start-up assembles the same
three objects here, with a connector that is bound to loopback. That needs a Java runtime only, no compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.processes import LOOPBACK, ServerError, free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator

# 2.6.1 is the newest on Maven Central (November 2026) and needs Java 17; it is built on this Jetty.
VERSION = "2.6.1"
JETTY_VERSION = "12.0.14"
# Pinned so that what is fetched does not depend on the age of the Maven at hand.
_FETCH_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

CACHE = Path(__file__).parents[2] / "build" / f"dynamodb-local-{VERSION}"

# The native SQLite library is a dependency of DynamoDBLocal of type "so": it arrives with the jars.
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>grapevine.tests</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.eclipse.jetty</groupId>
      <artifactId>jetty-xml</artifactId>
      <version>{JETTY_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

# Arguments of the inner handler: account, in memory, database path (none), one database for all, no delays.
_SERVER_XML = f"""\
<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "configure_10_0.dtd">
<Configure id="Server" class="org.eclipse.jetty.server.Server">
  <Call name="addConnector">
    <Arg>
      <New class="org.eclipse.jetty.server.ServerConnector">
        <Arg name="server"><Ref refid="Server"/></Arg>
        <Set name="host">{LOOPBACK}</Set>
        <Set name="port"><Property name="grapevine.port"/></Set>
      </New>
    </Arg>
  </Call>
  <Set name="handler">
    <New class="com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler">
      <Arg>
        <New class="com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler">
          <Arg type="int">0</Arg>
          <Arg type="boolean">true</Arg>
          <Arg/>
          <Arg type="boolean">true</Arg>
          <Arg type="boolean">false</Arg>
        </New>
      </Arg>
      <Arg/>
    </New>
  </Set>
</Configure>
"""


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Runs DynamoDB Local, fetched once; enters with its address."""
    port, java = free_port(), _tool("java")
    libraries, configuration = fetched(), directory / "server.xml"
    configuration.write_text(_SERVER_XML, encoding="utf-8")
    command = [java, *_jvm_options(libraries), "org.eclipse.jetty.xml.XmlConfiguration"]
    with server(
        [*command, f"grapevine.port={port}", str(configuration)],
        port=port,
        environment=os.environ | {"DDB_LOCAL_TELEMETRY": "0"},
        log=directory / "dynamodb-local.log",
    ):
        yield f"http://{LOOPBACK}:{port}"


def _jvm_options(libraries: Path) -> list[str]:
    """A small heap and a quick start: the tests are over before an optimising compiler would pay."""
    return [
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Djava.library.path={libraries}",
        "-cp",
        f"{libraries}{os.sep}*",
    ]


def fetched(cache: Path = CACHE) -> Path:
    """The directory with the jars and native libraries, filled by Maven the first time."""
    if cache.is_dir():
        return cache
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as workspace:
        # Renamed when complete, so that an interrupted fetch is never mistaken for a cache.
        _fetch(Path(workspace)).rename(cache)
    return cache


def _fetch(workspace: Path) -> Path:
    (workspace / "pom.xml").write_text(_POM, encoding="utf-8")
    libraries = workspace / "libraries"
    options = [f"-DoutputDirectory={libraries}", "-DincludeScope=runtime"]
    done = subprocess.run(
        [_tool("mvn"), "--batch-mode", "--quiet", _FETCH_GOAL, *options],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"Maven could not fetch DynamoDBLocal {VERSION}: {done.stdout[-2_000:]}")
    return libraries


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ServerError(f"DynamoDB Local was asked for and needs {name}, which is not on the PATH")
    return path
