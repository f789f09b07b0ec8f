#!/bin/bash
# A JVM: javac, and a program with threads, sockets, a child process, mapped files and a watched
# directory, under each garbage collector.
# packages: default-jdk-headless
# needs: javac java
set -euo pipefail

cat >Trial.java <<'END'
import java.net.*;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import com.sun.net.httpserver.HttpServer;

public class Trial {
	static void threads() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(16);
		List<Future<Long>> parts = new ArrayList<>();
		for (int i = 0; i < 64; i++) {
			final int n = i;
			parts.add(pool.submit(() -> LongStream.range(0, 10000).map(x -> x * n).sum()));
		}
		long sum = 0;
		for (Future<Long> part : parts)
			sum += part.get();
		pool.shutdown();
		System.out.println("threads " + sum + " " + pool.awaitTermination(10, TimeUnit.SECONDS));
		System.out.println("parallel " + IntStream.range(0, 1000000).parallel().filter(x -> x % 7 == 0).count());
	}

	static void garbage() {
		List<byte[]> kept = new ArrayList<>();
		for (int i = 0; i < 20000; i++) {
			byte[] one = new byte[10000];
			if (i % 100 == 0)
				kept.add(one);
		}
		System.gc();
		System.out.println("garbage " + kept.size());
	}

	static void http() throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		server.createContext("/", exchange -> {
			exchange.sendResponseHeaders(200, 5);
			exchange.getResponseBody().write("there".getBytes());
			exchange.close();
		});
		server.start();
		URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
		System.out.println("http " + HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(),
		    HttpResponse.BodyHandlers.ofString()).body());
		server.stop(0);
	}

	static void unixSocket() throws Exception {
		UnixDomainSocketAddress address = UnixDomainSocketAddress.of(Path.of("socket"));
		ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
		server.bind(address);
		SocketChannel client = SocketChannel.open(address);
		client.write(ByteBuffer.wrap("by unix".getBytes()));
		client.close();
		ByteBuffer got = ByteBuffer.allocate(100);
		SocketChannel peer = server.accept();
		while (peer.read(got) >= 0)
			continue;
		System.out.println(new String(got.array(), 0, got.position()));
	}

	static void process() throws Exception {
		Process child = new ProcessBuilder("sh", "-c", "cat; exit 3").start();
		child.getOutputStream().write("through a child\n".getBytes());
		child.getOutputStream().close();
		System.out.print(new String(child.getInputStream().readAllBytes()));
		System.out.println("exit " + child.waitFor());
	}

	static void files() throws Exception {
		try (FileChannel file = FileChannel.open(Path.of("mapped"), StandardOpenOption.CREATE,
		    StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			file.lock();
			MappedByteBuffer map = file.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
			map.put(100, (byte)42);
			map.force();
		}
		System.out.println("mapped " + Files.readAllBytes(Path.of("mapped"))[100]);
		WatchService watch = FileSystems.getDefault().newWatchService();
		Files.createDirectory(Path.of("watched")).register(watch, StandardWatchEventKinds.ENTRY_CREATE);
		Files.createFile(Path.of("watched/one"));
		System.out.println("watched " + watch.poll(30, TimeUnit.SECONDS).pollEvents().get(0).context());
	}

	public static void main(String[] arguments) throws Exception {
		threads();
		garbage();
		http();
		unixSocket();
		process();
		files();
	}
}
END
javac -d . Trial.java
for collector in Serial Parallel G1 Z Shenandoah; do
	echo "$collector"
	rm -rf socket watched mapped
	java -XX:+Use${collector}GC -Xmx256m -cp . Trial
done
java -Xint -version 2>&1 | sed 's/ .*//'
jcmd -l | wc -l
