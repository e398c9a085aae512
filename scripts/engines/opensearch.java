import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/** One OpenSearch node with the modules that every distribution has, as far as we use them: HOME ADDRESS PORT. */
class SearchNode extends Node {
    private SearchNode(Environment environment, Collection<Class<? extends Plugin>> modules) {
        super(environment, modules, false);
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]).toAbsolutePath();
        Path configuration = Files.createDirectories(home.resolve("config"));
        Settings settings = Settings.builder()
            .put("path.home", home)
            .put("cluster.name", "chinwag")
            .put("node.name", "one")
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("network.host", arguments[1])
            .put("http.port", arguments[2])
            // Nobody joins it: any free port will do.
            .put("transport.port", "0")
            // How full a test machine's disk is says nothing.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            // Every case makes indices of its own.
            .put("cluster.max_shards_per_node", 10000)
            .build();
        SearchNode node = new SearchNode(
            new Environment(settings, configuration),
            List.of(Netty4Plugin.class, CommonAnalysisPlugin.class, ReindexPlugin.class)
        );
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            }
            closed.countDown();
        }));
        node.start();
        closed.await();
    }
}
