package dev.tfedge.demo;

import static org.junit.Assert.assertEquals;

import android.app.Activity;
import android.os.Looper;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import java.time.Duration;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.Shadows;

/** What R8 left of the app still works. In Java, and by names only: this runs without Kotlin's library. */
@RunWith(RobolectricTestRunner.class)
public class ShrunkAppTest {
    private static final long LIMIT_MS = 60_000;

    @Test
    public void test_word_when_app_is_shrunk_then_its_phonemes_are_shown() throws Exception {
        Activity activity = open("MainActivity");
        this.<TextView>on(activity, "word").setText("zap");
        ViewGroup tiles = on(activity, "tiles");
        await(() -> tiles.getChildCount() > 0);
        StringBuilder shown = new StringBuilder();
        for (int place = 0; place < tiles.getChildCount(); place++) {
            shown.append(((TextView) tiles.getChildAt(place)).getText()).append(' ');
        }
        assertEquals("Z AE P ", shown.toString());
    }

    @Test
    public void test_golden_cases_when_app_is_shrunk_then_all_pass_and_a_report_is_written() throws Exception {
        Activity activity = open("SelfTestActivity");
        await(() -> on(activity, "share").isEnabled());
        assertEquals("Passed: 16 of 16 golden cases", this.<TextView>on(activity, "verdict_title").getText().toString());
    }

    @SuppressWarnings("unchecked")
    private static Activity open(String name) throws ClassNotFoundException {
        return Robolectric.buildActivity((Class<? extends Activity>) Class.forName("dev.tfedge.demo." + name)).setup().get();
    }

    private <V extends View> V on(Activity activity, String name) {
        return activity.findViewById(activity.getResources().getIdentifier(name, "id", activity.getPackageName()));
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(Condition condition) throws InterruptedException {
        long end = System.currentTimeMillis() + LIMIT_MS;
        while (!condition.holds()) {
            if (System.currentTimeMillis() > end) throw new AssertionError("expected it within a minute");
            Shadows.shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(20));
            Thread.sleep(5);
        }
    }
}
